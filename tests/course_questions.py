"""Questions as a beginner asks them, each with the page that answers it, and questions that no page answers.

They were written after the search had been tuned on others (``assets/chatbot/asked.json`` and about 250 questions that
are not kept), without looking the pages' words up, and the search was tried on them once: the first 45 pages' questions
when those were all, the others' when they had come. Who tunes the search writes new ones.
"""

COVERED = {
    "what-is-deep-learning": [
        "Why would I put many hidden layers one after another?",
        "How come a neural net can solve problems that a straight cut cannot?",
    ],
    "ml-vs-dl": [
        "I have 200 labelled images. Is a convolutional net the right tool, or something older?",
        "How many samples until a neural network beats a random forest?",
    ],
    "biological-vs-artificial": [
        "How close is the model neuron to the cells in our nervous system?",
        "What makes a nerve cell send out a pulse?",
    ],
    "perceptron": [
        "Why did early single-layer networks fail at exclusive or?",
        "How can I tell whether a line exists that separates my red and blue dots?",
    ],
    "activations": [
        "Tanh versus ReLU: what is the practical difference?",
        "Why would a network without nonlinear functions be useless?",
    ],
    "network-structure": [
        "How do I calculate the total number of trainable values in a fully connected net?",
        "What is a bias term for?",
    ],
    "linear-algebra": [
        "What does it mean that a matrix has rank two?",
        "How does matrix multiplication transform points in the plane?",
    ],
    "probability": [
        "What is the variance of a distribution?",
        "How are entropy and KL divergence defined?",
    ],
    "calculus": [
        "How do I apply the chain rule to a composite expression?",
        "What does a partial derivative tell me?",
    ],
    "matrix-calculus": [
        "What is the derivative of y = Wx + b with respect to the vector x?",
        "Why multiply vectors with the Jacobian rather than computing it?",
    ],
    "gradient-descent": [
        "How does following the negative slope find a minimum?",
        "Why does the error go up when I make the learning rate larger?",
    ],
    "losses": [
        "What's the difference between cross-entropy and squared error?",
        "Which loss is least bothered by a few extreme data points?",
    ],
    "forward-backward": [
        "What gets computed in each neuron as an example goes through?",
        "I want to look at the intermediate results of one sample in both directions.",
    ],
    "backpropagation": [
        "Walk me through the weight gradients of a tiny network by hand.",
        "How is the error distributed to the weights of earlier layers?",
    ],
    "optimizers": [
        "What does Adam do that SGD does not?",
        "Does momentum speed up convergence?",
    ],
    "overfitting": [
        "The training accuracy is high, but the model performs badly on unseen samples.",
        "What do people mean by bias and variance of a model?",
    ],
    "regularization": [
        "How does dropout reduce memorisation?",
        "What is the purpose of penalising big weights?",
    ],
    "mlp": [
        "I'd like to try different numbers of layers on a toy dataset and see the result at once.",
        "How does a small feed-forward network draw the border between two classes?",
    ],
    "convolution": [
        "What does a kernel do to a picture?",
        "What is the effect of stride on the output size?",
    ],
    "receptive-field": [
        "How does stacking conv layers let a neuron see a bigger area?",
        "How many weights do I save by using one filter for all positions?",
    ],
    "vanishing-gradient": [
        "Why do recurrent nets struggle with long sentences?",
        "What is gradient clipping good for?",
    ],
    "gru-lstm": [
        "How does the forget gate work?",
        "Which is better for long sequences, a GRU or an LSTM?",
    ],
    "autoencoders": [
        "How does a bottleneck force a network to learn a compact description?",
        "What are variational autoencoders?",
    ],
    "gans": [
        "How do the generator and its opponent learn from each other?",
        "How can random numbers be turned into believable samples?",
    ],
    "gan-instability": [
        "Why does my GAN generate only one kind of sample?",
        "Which tricks make adversarial training converge?",
    ],
    "environment": [
        "What do I need to install before I can start?",
        "How can I use these exercises in a Jupyter notebook?",
    ],
    "tensors-autograd-modules": [
        "How does autograd keep track of what to differentiate?",
        "What is broadcasting of tensors?",
    ],
    "training-loop": [
        "What happens if I forget to reset the gradients?",
        "My script trains without errors, yet the result is random guessing. How do I debug it?",
    ],
    "dataloaders": [
        "How can I speed up reading images from disk during training?",
        "How do I oversample a rare class in PyTorch?",
    ],
    "keras": [
        "How do I define the same network in Keras and in PyTorch?",
        "What does model.fit hide from me?",
    ],
    "saving-loading": [
        "How do I store the weights of my network and read them back?",
        "Can opening someone's checkpoint run harmful code?",
    ],
    "transformers": [
        "What are attention heads looking at in a sentence?",
        "How is text split into tokens?",
    ],
    "metrics": [
        "What is the F1 score?",
        "Which measure should I report for a rare disease?",
    ],
    "lr-schedulers": [
        "When should I reduce the learning rate?",
        "What is one-cycle training?",
    ],
    "hyperparameter-tuning": [
        "How can I search for the best number of units and learning rate systematically?",
        "What does Optuna do better than grid search?",
    ],
    "quantization-pruning": [
        "Will my model still be accurate with 4-bit weights?",
        "How do I remove useless connections from a trained network?",
    ],
    "onnx": [
        "How can I use a network trained in PyTorch from another programming language?",
        "Why does exporting my model give an unsupported operator error?",
    ],
    "convert": [
        "How can I bring my classifier to Android?",
        "Is it possible to run inference directly in the browser with JavaScript?",
    ],
    "serving": [
        "How do I offer my model's predictions over HTTP?",
        "How do I handle many simultaneous prediction requests?",
    ],
    "digit-recognizer": [
        "Can I sketch a five and see which number the computer believes it is?",
        "Which pixels made it say that my drawing is an eight?",
    ],
    "image-classifier": [
        "How can I train something that recognises my own objects from a dozen photos?",
        "How do I reuse a network that was trained on ImageNet?",
    ],
    "object-detection": [
        "How does YOLO locate several things in one image?",
        "What is IoU used for?",
    ],
    "chatbot": [
        "What do temperature and top-k change in generated text?",
        "Can I talk to a language model that runs on my own computer?",
    ],
    "self-driving": [
        "How does a network learn to steer by watching a human?",
        "Why does imitation alone make the car leave the road sooner or later?",
    ],
    "normalize-inputs": [
        "Do I have to scale my features before training?",
        "Why is training slow when one feature has values in the thousands?",
    ],
    "resnet": [
        "Why did making my network deeper make even its training error worse?",
        "What is the point of adding a block's input back to its output?",
    ],
    "efficient-cnns": [
        "What is a depthwise separable convolution and how much does it save?",
        "Which CNN should I pick when I have hardly any computing power?",
    ],
    "vision-transformer": [
        "How can a transformer read an image?",
        "Why does a ViT chop a photo into little squares?",
    ],
    "diffusion": [
        "How does Stable Diffusion get an image out of random noise?",
        "What exactly is the denoising network asked to predict?",
    ],
    "self-supervised": [
        "Can a network learn useful features although nobody labelled the images?",
        "What is contrastive learning?",
    ],
    "experiment-tracking": [
        "How do I keep an overview of all the training runs I have done?",
        "What are TensorBoard and Weights & Biases for?",
    ],
    "torchscript-tensorrt": [
        "What does torch.compile do, and when is it worth the wait?",
        "How do I run a PyTorch model from C++ without Python?",
    ],
    "art-gan": [
        "Can a neural network paint a watercolour?",
        "How do I morph one generated painting smoothly into another?",
    ],
    "batch-size": [
        "Should I take 32 or 512 samples for each update?",
        "Do I have to raise the learning rate when I feed more examples at once?",
    ],
    "validation": [
        "Why do I need a separate validation set?",
        "What is data leakage, and how do I notice it?",
    ],
    "checkpoints": [
        "How do I stop training at the right moment?",
        "The power went out during training. Can I carry on where I was?",
    ],
    "reading": [
        "Which textbook should I read beside this course?",
        "Is there a good online course on neural networks that I could follow?",
    ],
}
NOT_COVERED = [
    "What is the population of Canada?",
    "How do I make pancakes?",
    "Who wrote Don Quixote?",
    "When is the next full moon?",
    "How do I get rid of ants in the kitchen?",
    "What is the best time to visit Iceland?",
    "How do I tie a bow tie?",
    "Which vitamins are in an orange?",
    "How long does it take to fly to New York?",
    "What is the difference between a crocodile and an alligator?",
    "How do I ask for a raise?",
    "Who invented the telephone?",
    "What should I name my cat?",
    "How do I sharpen a kitchen knife?",
    "Is coffee bad for you?",
    "How do I cancel my gym membership?",
    "What is the exchange rate of the yen?",
    "How do I write a haiku?",
    "What causes earthquakes?",
    "Where can I park near the stadium?",
    "How do I grow tomatoes on a balcony?",
    "What time do the shops close on Sunday?",
    "How do I style a table with CSS?",
    "asdf qwer zxcv",
]
